"""The merchandiser's tools on a rules file: explain, diff, test, simulate, publish, history and restore.

They ask the same engine as the HTTP route, and none of them changes what is live but ``publish`` and ``restore``.
"""
