"""Addresses in bytes that are no UTF-8: refused, since they would be read as an id that somebody else may have."""

from flask import Flask, request

from recsvc.problems import Fault, ProblemError

REPLACED = "\ufffd"
"""What the router puts in place of bytes that are no UTF-8."""


def refuse_what_is_no_utf8(app: Flask) -> None:
    """Let ``app`` answer 422, with the parameter, where the address of a route is no UTF-8; call it after ``guard``."""

    @app.before_request
    def _check() -> None:
        if not request.view_args:
            return
        try:
            request.environ["PATH_INFO"].encode("latin-1").decode("utf-8")
        except UnicodeDecodeError as error:
            faults = [
                Fault(name, "is no UTF-8: encode it so")
                for name, value in request.view_args.items()
                if REPLACED in value
            ]
            raise ProblemError(422, "The address is no UTF-8: nothing was done.", faults) from error
