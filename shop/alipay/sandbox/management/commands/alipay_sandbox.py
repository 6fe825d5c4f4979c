"""Run the local stand-in for Alipay: `manage.py alipay_sandbox --port 8001`."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shop.alipay.sandbox import client, server


class Command(BaseCommand):
    help = "Run the local stand-in for Alipay. Nothing here is real money."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)
        parser.add_argument(
            "--speed",
            type=float,
            default=60.0,
            help="how much faster than Alipay notices are sent again (60: 4 s)",
        )

    def handle(self, *, host: str, port: int, speed: float, **_options: Any) -> None:
        engine = client.engine(speed=speed)
        try:
            httpd, notifier = server.serve(engine, host=host, port=port)
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken ({error}); name another with --port."
            ) from error

        def stop(_signal: int, _frame: FrameType | None) -> None:
            # shutdown() waits for serve_forever, which this handler interrupts.
            threading.Thread(target=httpd.shutdown, daemon=True).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write(f"Alipay sandbox on http://{host}:{port}/")
        httpd.serve_forever(poll_interval=0.2)
        notifier.stop()
        httpd.server_close()
