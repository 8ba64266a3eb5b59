/**
 * Keeps a session to the addresses that the agent's policy opens: all its connections go through a proxy that asks. When
 * the page itself is led to an address that is refused, the step that did it, or the next one, fails with the policy's word;
 * what a page only wanted to load is left out, and told once per host.
 */
import type { BrowserContext, Request } from 'playwright-core';
import { startPolicyProxy, type PolicyProxy } from '../../browser/index.ts';
import { StepFailure, type StepPolicy } from '../../engine/index.ts';
import { isTopLevel } from './top-level.ts';

/** Hosts whose refusal is remembered; a page that asks for more is told the same. */
const MAX_REMEMBERED = 1_000;

export class Guard {
  readonly #proxy: PolicyProxy;
  readonly #reasons: Map<string, StepFailure>;
  #refusal: StepFailure | null = null;

  private constructor(proxy: PolicyProxy, reasons: Map<string, StepFailure>) {
    this.#proxy = proxy;
    this.#reasons = reasons;
  }

  /** `null` where the policy restricts nothing: then nothing stands between browser and network. */
  static async start(
    policy: StepPolicy,
    env: Readonly<Record<string, string | undefined>>,
    tell: (notice: string) => void,
  ): Promise<Guard | null> {
    if (!policy.restrictsUrls) return null;
    const reasons = new Map<string, StepFailure>();
    const proxy = await startPolicyProxy({
      check: (url) => policy.checkUrl(url),
      lookupFor: (url) => policy.lookupFor?.(url),
      env,
      refused: (url, reason) => {
        const host = hostOf(url);
        if (reasons.has(host) || reasons.size >= MAX_REMEMBERED) return;
        reasons.set(host, reason instanceof StepFailure ? reason : unknownReason(url));
        tell(`the agent's policy refused ${host}`);
      },
    });
    return new Guard(proxy, reasons);
  }

  /** For the browser context's settings. */
  get proxy(): { readonly server: string } {
    return { server: this.#proxy.url };
  }

  /** Watches where the pages of the context are led. */
  watch(context: BrowserContext): void {
    const look = (request: Request): void => {
      if (!isTopLevel(request)) return;
      const reason = this.#reasons.get(hostOf(request.url()));
      if (reason !== undefined) this.#refusal ??= reason;
    };
    context.on('requestfailed', look);
    context.on('response', (response) => {
      if (response.status() === 403) look(response.request());
    });
  }

  /** The policy's word about where a page was led since it was last asked; null for none. */
  takeRefusal(): StepFailure | null {
    const refusal = this.#refusal;
    this.#refusal = null;
    return refusal;
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host.replace(/:443$/, '') : url;
}

function unknownReason(url: string): StepFailure {
  return new StepFailure({
    type: 'authorization',
    code: 'POLICY_URL_REFUSED',
    title: "The agent's policy does not allow this address",
    detail: `${hostOf(url)} was refused`,
    certain: true,
  });
}
