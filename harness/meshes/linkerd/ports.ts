/** A port of the proxy that is there whatever the init container is told (charts/linkerd-control-plane/values.yaml). */
export const CONTROL_PORT = 4190;
/** The proxy's other such port. */
export const ADMIN_PORT = 4191;
