/** What gateways, agents and clients know of the world that they are in. */
import type { Jobs } from '../../control-plane/dist/jobs/jobs.module.js';
import type { History } from './checker.ts';
import type { MemoryServer } from './memory/database.ts';
import type { Faults } from './world/faults.ts';
import type { Chance } from './world/random.ts';
import type { VirtualTime } from './world/time.ts';
import type { End } from './world/wire.ts';

/** One organisation is simulated: what keeps two apart is the database's business. */
export const TENANT = 'default';

/** A replica of the control plane. */
export interface Replica {
  readonly jobs: Jobs;
  /** True when it takes tunnels and requests. */
  readonly serves: boolean;
  accept(agentId: string, end: End, cut: () => void): void;
  kill(): void;
}

export interface Setting {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly server: MemoryServer;
  readonly history: History;
  /** How much longer than its time an attempt is left to its agent, milliseconds. */
  readonly overdueMs: number;
  /** Now; none once the world has healed. */
  readonly faults: () => Faults;
  /** Where a load balancer would send somebody. */
  someGateway(): Replica | null;
  /** Another one takes its place. */
  gatewayDied(gateway: Replica): void;
}
