import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ambient-answers-come-back",
  claim:
    "The app's answers come back to ztunnel, although it dialled from its client's address: its mark is kept with the connection.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--ambient-ipv6"],
  answer: {
    "ztunnel@10.244.0.3 -> pod:8080": "app:8080 from 10.244.0.3",
    "ztunnel@[fd00:244::3] -> pod6:8080": "app:8080 from fd00:244::3",
    "app,mark=0x1539@10.244.0.3 -> pod:8080": "app:8080 from 10.244.0.3",
    "app,mark=0x538@10.244.0.3 -> pod:8080": "timed-out",
    "app,mark=0x538@[fd00:244::3] -> pod6:8080": "timed-out",
    "ztunnel@10.244.0.77 -> pod:8080": "app:8080 from 10.244.0.77",
    "ztunnel@10.96.0.1 -> pod:8080": "app:8080 from 10.96.0.1",
    "ztunnel@10.244.0.3 -> pod:7": "refused",
  },
});
