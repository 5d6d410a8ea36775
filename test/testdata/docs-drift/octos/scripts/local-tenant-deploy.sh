#!/bin/sh
set -eu
echo "would deploy: $*"
