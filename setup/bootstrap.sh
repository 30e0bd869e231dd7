#!/bin/sh
# Finds any Python 3.10 or newer and hands over to `python -m setup`, which does the rest.
set -eu
cd "$(dirname "$0")/.."

usable() {
  command -v "$1" >/dev/null 2>&1 &&
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

for python in "${PYTHON:-}" "${PYTHON311:-}" .venv/bin/python \
  python3.11 python3.12 python3.13 python3.14 python3 python3.10 "${PYTHON310:-}" \
  "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[0-9].*/bin/python; do
  if [ -n "$python" ] && usable "$python"; then
    exec "$python" -m setup "$@"
  fi
done

echo "没有找到 Python 3.10 或更新的版本（含 venv 模块）。请安装后再试，例如：apt install python3 python3-venv" >&2
echo "No Python 3.10 or newer with its venv module was found. Install one, for example: apt install python3 python3-venv" >&2
exit 1
