/**
 * What this agent can do, as it was tried: by the agent itself, or by the worker hosts that start its workers. Slots and
 * capabilities follow from it and route jobs here, so nothing is claimed that was not seen.
 */
import type { Slots } from '@casare/shared/protocol';
import { browserCapabilities, type BrowserProbe, probeBrowser } from '../browser/index.ts';
import { desktopCapabilities, type DesktopProbe, probeDesktop } from '../desktop/index.ts';
import { type HostedWorkers, sessionCapabilities, sessionText } from '../worker-host/index.ts';
import type { Log } from './log.ts';

export interface Abilities {
  /** Of what was tried. */
  capabilities(): string[];
  /** Of those that are configured the ones that jobs can have now. */
  slots(configured: Slots): Slots;
  /** For people. */
  browser(): string;
  desktop(): string;
}

/** What the agent's own user can do; `tell` is called whenever more is known. */
export class OwnAbilities implements Abilities {
  #browser: BrowserProbe | null = null;
  #desktop: DesktopProbe | null = null;

  async probe(
    { home, environment, desktop }: { home: string; environment: NodeJS.ProcessEnv; desktop: boolean },
    log: Log,
    tell: () => void,
  ): Promise<void> {
    this.#browser = await probeBrowser({ home, env: environment, platform: process.platform });
    tellBrowser(this.#browser, log);
    tell();
    if (!desktop) return;
    this.#desktop = await probeDesktop(environment, process.platform);
    log('info', `${this.#desktop.ok ? 'desktop' : 'no desktop jobs'}: ${this.#desktop.found}`);
    if (this.#desktop.ok) tell();
  }

  capabilities(): string[] {
    return [
      ...(this.#browser === null ? [] : browserCapabilities(this.#browser)),
      ...(this.#desktop === null ? [] : desktopCapabilities(this.#desktop)),
    ];
  }

  /** Without a proved browser there is no browser slot, without a proved desktop no desktop slot; one display has one. */
  slots(configured: Slots): Slots {
    const browser = this.#browser?.ok === true ? configured.browser : 0;
    const desktop = this.#desktop?.ok === true ? Math.min(configured.desktop, this.#desktop.many ? Infinity : 1) : 0;
    return { ...configured, browser, desktop };
  }

  browser(): string {
    return this.#browser === null ? 'being tried' : (this.#browser.version ?? `none: ${this.#browser.why ?? ''}`);
  }

  desktop(): string {
    return this.#desktop?.found ?? 'being tried';
  }
}

type Hosts = Pick<HostedWorkers, 'probed' | 'identities' | 'sessions' | 'desktops'>;

/** What is said of browser and desktop until a worker host has come. */
export const NO_WORKER_HOST = 'no worker host is here';

/** What the users of the worker hosts can do that are here. Without a host there is nothing. */
export class HostedAbilities implements Abilities {
  readonly #workers: Hosts;

  constructor(workers: Hosts) {
    this.#workers = workers;
  }

  capabilities(): string[] {
    const all = this.#workers.probed.flatMap(({ browser, desktop }) => [
      ...browserCapabilities(browser),
      ...desktopCapabilities(desktop),
    ]);
    return [...new Set(all), ...sessionCapabilities(this.#workers.sessions)];
  }

  /** Each host with a screen that runs cannot share has one desktop slot, and none while that is locked. */
  slots(configured: Slots): Slots {
    const { probed, identities, desktops } = this.#workers;
    return {
      plain: identities.length > 0 ? configured.plain : 0,
      browser: probed.some(({ browser }) => browser.ok) ? configured.browser : 0,
      desktop: Math.min(configured.desktop, desktops),
    };
  }

  browser(): string {
    const found = this.#workers.probed.find(({ browser }) => browser.ok) ?? this.#workers.probed[0];
    if (found === undefined) return this.#absent();
    return found.browser.version ?? `none: ${found.browser.why ?? ''}`;
  }

  desktop(): string {
    const { probed, sessions } = this.#workers;
    const found = [...probed.map(({ desktop }) => desktop.found), ...sessions.map(sessionText)];
    return found.length === 0 ? this.#absent() : found.join('; ');
  }

  #absent(): string {
    return this.#workers.identities.length === 0 ? NO_WORKER_HOST : 'being tried';
  }
}

function tellBrowser({ ok, version, why }: BrowserProbe, log: Log): void {
  log(ok ? 'info' : 'warn', ok ? `browser: Chromium ${version}` : `no browser jobs: ${why}`);
  if (ok && why !== null) log('warn', why);
}
