"""Forms of the feeds' pages."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from feeds import guard, opml
from feeds.models import Feed


class AddressForm(forms.Form):
    """An address to look at: of a feed, or of a page that names one."""

    address = forms.CharField(
        label=_("Address"),
        max_length=1000,
        help_text=_("Of a feed, or of a site: its feed is found by itself."),
        widget=forms.TextInput(attrs={"size": 80, "autofocus": True, "inputmode": "url"}),
    )


class TraceForm(forms.Form):
    """What to look for."""

    url = forms.CharField(
        label=_("Address of the item"),
        max_length=4000,
        help_text=_("In any spelling. Its exact title or the publisher's id will do as well."),
        widget=forms.TextInput(attrs={"size": 80, "autofocus": True}),
    )


class OpmlForm(forms.Form):
    file = forms.FileField(label=_("OPML file"), help_text=_("From any feed reader. Folders are kept."))
    skip_bad = forms.BooleanField(
        label=_("Leave out lines with errors"),
        required=False,
        help_text=_("Otherwise one error stops it all."),
    )


class FeedForm(forms.ModelForm):
    """A feed as an editor may change it."""

    site_url = forms.URLField(label=_("site"), required=False, max_length=1000, assume_scheme="https")
    url = forms.CharField(label=_("address"), max_length=1000, widget=forms.URLInput(attrs={"size": 80}))

    class Meta:
        model = Feed
        fields = ("url", "title", "folder", "site_url", "language", "category")
        fields += ("paused", "reference_only", "full_text")

    def clean_url(self):
        try:
            return opml.normal(self.cleaned_data["url"])
        except guard.GuardError as error:
            raise ValidationError(str(error)) from error
