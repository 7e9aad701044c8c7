"""Colleagues: an account is one form with a role, and none can be made that could not sign in.

The law: who has a role, or is an administrator, has staff status; nobody else has. So the one follows from the other
and is asked nowhere.
"""

from axes.admin import AccessAttemptAdmin
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_otp import devices_for_user
from django_otp.plugins.otp_static.admin import StaticDevice, StaticDeviceAdmin
from django_otp.plugins.otp_totp.admin import TOTPDevice, TOTPDeviceAdmin

from tracker.admin.lists import ShownOnly
from tracker.desk import people

User = get_user_model()


# What others' apps call themselves in English only.
for label, words in {
    "axes": _("Attempts to sign in"),
    "otp_static": _("Spare codes"),
    "otp_totp": _("Second factors by phone"),
}.items():
    apps.get_app_config(label).verbose_name = words  # type: ignore[assignment]
for model, one, many in (
    ("axes.accessattempt", _("wrong password"), _("wrong passwords")),
    ("axes.accessfailurelog", _("failed sign-in"), _("failed sign-ins")),
    ("axes.accesslog", _("sign-in"), _("sign-ins")),
    ("otp_static.staticdevice", _("sheet of spare codes"), _("sheets of spare codes")),
    ("otp_totp.totpdevice", _("enrolled phone"), _("enrolled phones")),
):
    options = apps.get_model(model)._meta
    options.verbose_name, options.verbose_name_plural = one, many
# Attempts end by themselves and are deleted with the sign-ins; axes' own button breaks without a setting of its own.
AccessAttemptAdmin.actions = ()


class RoleField(forms.ModelChoiceField):
    """Roles by their names in the reader's language."""

    def label_from_instance(self, group):
        return people.role_name(group.name)


class ByRole(admin.SimpleListFilter):
    title, parameter_name = _("role"), "role"

    def lookups(self, request, model_admin):
        return [(group.pk, people.role_name(group.name)) for group in Group.objects.order_by("pk")]

    def queryset(self, request, queryset):
        value = str(self.value() or "")  # a number where Django counts what each choice holds
        return queryset.filter(groups=value) if value.isdigit() else queryset


class NewColleague(UserCreationForm):
    """Name, role and first password; the second factor is set up at the first sign-in."""

    role = RoleField(
        Group.objects.order_by("pk"),
        label=_("role"),
        empty_label=None,
        widget=forms.RadioSelect,
        help_text=_("What each may do stands under “Who may what”."),
    )

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "first_name", "last_name", "email")

    def save(self, commit=True):
        self.instance.is_staff = self.instance.is_active = True
        return super().save(commit)

    def _save_m2m(self):
        super()._save_m2m()
        self.instance.groups.add(self.cleaned_data["role"])


class Colleague(UserChangeForm):
    """Staff status follows from role and administrator; nobody ticks it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:  # not for who may only look
            self.fields["groups"].label_from_instance = lambda group: people.role_name(group.name)

    def clean(self):
        given = super().clean()
        may = bool(given.get("groups")) or given.get("is_superuser") or bool(given.get("user_permissions"))
        if given.get("is_active") and not may and self.instance.is_staff:
            self.add_error("groups", _("Without a role nobody can sign in. Choose one, or untick “active”."))
        self.instance.is_staff = bool(may)
        return given


admin.site.unregister((User, TOTPDevice, StaticDevice))


@admin.register(TOTPDevice)
class PhoneAdmin(ShownOnly, TOTPDeviceAdmin):
    hidden = ("key",)


@admin.register(StaticDevice)
class SpareCodesAdmin(ShownOnly, StaticDeviceAdmin):
    pass


@admin.register(User)
class ColleagueAdmin(UserAdmin):
    filter_horizontal = ()
    form = Colleague
    add_form = NewColleague
    list_display = ("username", "name", "roles", "second_factor", "last_login", "signs_in")
    list_filter = (ByRole, "is_active", "is_superuser")
    list_select_related = True
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Who it is"), {"fields": ("first_name", "last_name", "email")}),
        (_("What they may"), {"fields": ("groups", "is_superuser", "is_active")}),
        (_("When"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email", "role")}),
        (_("First password"), {"fields": ("password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """A handful of roles to tick."""
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_fieldsets(self, request, obj=None):
        """The page that says who may what, beside the roles to choose from."""
        told = format_html('<a href="{}">{}</a>', reverse("desk:roles"), _("Who may what"))
        return [
            (name, options | ({"description": told} if {"role", "groups"} & set(options["fields"]) else {}))
            for name, options in super().get_fieldsets(request, obj)
        ]

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, person):
        return person.get_full_name()

    @admin.display(description=_("roles"))
    def roles(self, person):
        named = [people.role_name(group.name) for group in person.groups.all()]
        return ", ".join([*([gettext("administrator")] if person.is_superuser else []), *named])

    @admin.display(description=_("second factor"), boolean=True)
    def second_factor(self, person):
        return any(True for _device in devices_for_user(person))

    @admin.display(description=_("signs in"))
    def signs_in(self, person):
        if not person.is_active:
            return gettext("closed")
        return gettext("yes") if person.is_staff else gettext("no: has no role")
