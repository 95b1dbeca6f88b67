/**
 * Functions of bash that give what is there now. The engine is asked by its own client, for a second at most, and only where its socket is;
 * a name that a shell could take for something else is left out.
 */
export const BASH_LISTS = `_landfall_containers() {
  local host="\${DOCKER_HOST:-unix:///var/run/docker.sock}"
  case "$host" in unix://*) [ -S "\${host#unix://}" ] || return 0 ;; ssh:*) return 0 ;; esac
  timeout 1 docker --host "$host" ps --format '{{.Names}}' 2>/dev/null | grep -E '^[A-Za-z0-9._-]+$'
}
_landfall_namespaces() { command ls /run/netns 2>/dev/null | grep -E '^[A-Za-z0-9._:@-]+$'; }
`;

/** The functions of {@link BASH_LISTS} as fish writes them. */
export const FISH_LISTS = `function __landfall_containers
  set -l host unix:///var/run/docker.sock
  test -n "$DOCKER_HOST"; and set host $DOCKER_HOST
  switch $host
    case 'unix://*'
      test -S (string replace unix:// '' -- $host); or return 0
    case 'ssh:*'
      return 0
  end
  timeout 1 docker --host $host ps --format '{{.Names}}' 2>/dev/null
end
function __landfall_namespaces
  command ls /run/netns 2>/dev/null
end
`;
