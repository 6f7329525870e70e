"""Entry of every image: put the database password from a secret file into HUB_DATABASE_URL.

A password in the environment of compose.yaml would be shown by `docker inspect`; a file is not.
"""

import os
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit


def with_password(url: str, password: str) -> str:
    """Return `url` with the password put behind its user name."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def main() -> None:
    """Become the command of the container, which keeps our process id and gets its signals."""
    secret = os.environ.pop("HUB_DATABASE_PASSWORD_FILE", "")
    if secret:
        password = Path(secret).read_text().strip()
        os.environ["HUB_DATABASE_URL"] = with_password(os.environ["HUB_DATABASE_URL"], password)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the image's own command


if __name__ == "__main__":
    main()
