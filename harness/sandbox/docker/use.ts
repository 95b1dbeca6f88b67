import { LandfallError } from "../../errors.ts";

/** `used`: this process has begun to make containers, or to use kept ones. `ending`: it must do so no more. */
let state: "unused" | "used" | "ending" = "unused";

/** To be called before a container or network is made, or a kept one is used. Throws `environment` where this process is being ended. */
export function noteContainers(): void {
  if (state === "ending") throw new LandfallError("environment", "the run is ending; no container is started.");
  state = "used";
}

/** Lets this process make no more containers; says whether it has made any, or begun to. */
export function endContainers(): "nothing-made" | "something-made" {
  if (state !== "used") return "nothing-made";
  state = "ending";
  return "something-made";
}

/** Says whether this process is being ended, and what it was doing with containers is cut short. */
export function isEnding(): boolean {
  return state === "ending";
}
