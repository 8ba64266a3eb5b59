/** What of trust is measured. Nothing here asks the database: a scrape works while it is away. */
import type { Clock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ExpiryWatch } from './expiry-watch.ts';

export interface Measured {
  readonly clock: Clock;
  readonly expiry: Pick<ExpiryWatch, 'earliest'>;
  /** Null before the first view. */
  readonly rev: () => number | null;
  readonly locks: () => number;
}

export function measureTrust(metrics: Metrics, { clock, expiry, rev, locks }: Measured): void {
  metrics.gauge(
    'casare_certificate_expiry_seconds',
    'Until the earliest end of a kind: CAs that are not retired, connected agents, this gateway, the web listener. Below 0 it has ended.',
    ['subject'],
    (gauge) => {
      gauge.reset();
      for (const [subject, notAfter] of expiry.earliest) {
        gauge.set({ subject }, (notAfter.getTime() - clock.now().getTime()) / 1_000);
      }
    },
  );
  metrics.gauge('casare_trust_rev', 'The rev of trust that this replica has loaded.', [], (gauge) => {
    gauge.set(rev() ?? 0);
  });
  metrics.gauge('casare_trust_locks', 'Locks that hold, of all tenants, as of the rev that is loaded.', [], (gauge) => {
    gauge.set(locks());
  });
}
