#!/bin/sh
# Stands in an image where Envoy should be.
echo "this is no Envoy"
exit 9
