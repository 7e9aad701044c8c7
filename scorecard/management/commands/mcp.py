"""`manage.py mcp`: the figures for an assistant, by the Model Context Protocol, over stdio or HTTP."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from scorecard.api import assistants


class Command(BaseCommand):
    help = (
        "Serve the read API to an assistant by the Model Context Protocol, over stdio or, with --port, HTTP."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--address",
            default=settings.SITE_URL,
            help="the installation to ask; default: this one, SITE_URL",
        )
        parser.add_argument("--port", type=int, help="serve HTTP at /mcp on this port, not stdio")
        parser.add_argument("--host", default="127.0.0.1", help="with --port: the address to listen on")

    def handle(self, *args, address, port, host, **options):
        if not address.startswith(("http://", "https://")):
            raise CommandError(f"--address: {address} does not begin with http:// or https://")
        try:
            made = assistants.server(address)
        except ImproperlyConfigured as missing:
            raise CommandError(str(missing)) from None
        if port is None:
            made.run("stdio")
        else:
            made.run("streamable-http", host=host, port=port)
