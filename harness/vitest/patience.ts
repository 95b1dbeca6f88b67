import { vi } from "vitest";

/** A first run builds the images of its containers, which takes a minute and more; each flow has its own, shorter deadline. */
const POD_TIMEOUT_MS = 300_000;

/**
 * Gives the same test function, whose use lets the tests and hooks of its file take as long as a first run needs, 300 s. vitest counts the
 * start of a sandbox to the first test that asks for it, and allows 5 s where the user's configuration says nothing. What the configuration
 * allows beyond 300 s stays, and so does a timeout that a test names itself.
 */
export function makePatient<T extends object>(test: T): T {
  return new Proxy(test, {
    get: (target, name, receiver) => {
      allowTime();
      return Reflect.get(target, name, receiver);
    },
    apply: (target, self, words) => {
      allowTime();
      return Reflect.apply(target as (...words: readonly unknown[]) => unknown, self, words);
    },
  });
}

/** vitest says by no function what is configured; its worker's state has it (5.1.1). It forgets what is set here when the file ends. */
function allowTime(): void {
  const { __vitest_worker__: worker } = globalThis as {
    readonly __vitest_worker__?: { readonly config?: Readonly<Record<"testTimeout" | "hookTimeout", number>> };
  };
  // 0 is no limit at all.
  const atLeast = (configured?: number) => (configured === 0 ? 0 : Math.max(configured ?? 0, POD_TIMEOUT_MS));
  vi.setConfig({
    testTimeout: atLeast(worker?.config?.testTimeout),
    hookTimeout: atLeast(worker?.config?.hookTimeout),
  });
}
