/**
 * What this gateway's listeners have taken of trust, and the report of it in the gateway's row, by which gates are weighed.
 *
 * Invariant: the row says no more than what the listeners have taken; level-triggered, so that a lost notification, a
 * failed write or a new row (the gateway was taken for dead) heals within a turn.
 */
import { enrolServerOptions, tunnelServerOptions } from '@casare/certs';
import type { TlsOptions } from 'node:tls';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { Trust, TrustView } from '../trust/index.ts';
import type { GatewayBeat } from './gateway-beat.ts';

/** Settings of the listeners. */
export interface ListenerTls {
  readonly enrol: TlsOptions;
  readonly tunnel: TlsOptions;
}

export interface GatewayTrustOptions {
  readonly trust: Pick<Trust, 'views' | 'gateway'>;
  readonly beat: Pick<GatewayBeat, 'id'>;
  readonly log: Log;
  /** The listeners take new settings; open connections stay as they are. */
  readonly take: (tls: ListenerTls) => void;
}

const TURN_MS = 1_000;

export class GatewayTrust {
  readonly #options: GatewayTrustOptions;
  #view: TrustView | null = null;
  #presented: object | null = null;
  #reported = '';
  #loop: Loop | null = null;
  #unfollow: readonly (() => void)[] = [];

  constructor(options: GatewayTrustOptions) {
    this.#options = options;
  }

  /** Settings as trust stands now. */
  tls(): ListenerTls {
    const { views, gateway } = this.#options.trust;
    const { identity, anchors } = gateway.presented;
    const { agentAnchors, directAnchors } = views.current;
    return {
      enrol: enrolServerOptions(identity, anchors[0] ?? ''),
      tunnel: tunnelServerOptions(identity, agentAnchors, directAnchors),
    };
  }

  /** Follows trust until `stop`; the listeners are open and the gateway's row is there. */
  start(): void {
    const { log, trust } = this.#options;
    const loop = startLoop({ name: 'gateway trust', intervalMs: TURN_MS, log, run: () => this.#turn() });
    this.#loop = loop;
    this.#unfollow = [trust.views.onChanged(() => loop.wake()), trust.gateway.onRenewed(() => loop.wake())];
  }

  async stop(): Promise<void> {
    for (const unfollow of this.#unfollow) unfollow();
    await this.#loop?.stop();
  }

  async #turn(): Promise<void> {
    const { trust, beat, take } = this.#options;
    const view = trust.views.current;
    const { presented } = trust.gateway;
    if (view !== this.#view || presented !== this.#presented) {
      take(this.tls());
      this.#view = view;
      this.#presented = presented;
    }
    const { id } = beat;
    const report = trust.gateway.reportAt(view.rev);
    const said = JSON.stringify([id, report]);
    if (said !== this.#reported && (await trust.gateway.report(id, report))) this.#reported = said;
  }
}
