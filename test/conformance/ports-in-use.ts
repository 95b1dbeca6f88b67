import { check } from "tcp-port-used";

/**
 * `node ports-in-use.ts HOST PORT…`: prints, as JSON, those of the ports that take connections. Run in a network namespace of one's own.
 */
const [host, ...ports] = process.argv.slice(2);
const inUse = await Promise.all(ports.map((port) => check(Number(port), host)));
process.stdout.write(JSON.stringify(ports.map(Number).filter((_, i) => inUse[i])));
