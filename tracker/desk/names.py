"""The name that readers see beside an analyst's decisions: the analyst's own choice.

The law: nobody's account or full name is public unless its owner wrote it here. What is in the log stays as it was
written.
"""

from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from tracker import text, textfields, triage
from tracker.desk.views import desk_view
from tracker.models import Preference
from tracker.triage.steps import DECIDE

LONGEST = 60


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def choose_name(request):
    trouble, given = "", triage.public_name(request.user)
    if request.method == "POST":
        given = request.POST.get("name", "")
        try:
            name = text.strict(given.strip(), "name", LONGEST) if given.strip() else ""
            if name and name == request.user.get_username():
                trouble = gettext(
                    "This is the name you sign in with. Choose another, so that nobody learns it."
                )
        except text.BadText as error:
            trouble = textfields.sentence(error)
        if not trouble:
            Preference.objects.update_or_create(user=request.user, defaults={"public_name": name})
            return redirect("desk:desk")
    context = {"title": gettext("The name that readers see"), "given": given, "trouble": trouble}
    return render(request, "desk/name.html", context, status=400 if trouble else 200)
