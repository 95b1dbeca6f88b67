import fc from "fast-check";

/** Property tests draw the same cases in every run, so that a red one is the change's fault; `LANDFALL_SEED=N` draws others. */
fc.configureGlobal({ seed: Number(process.env["LANDFALL_SEED"] ?? 20261123) });
