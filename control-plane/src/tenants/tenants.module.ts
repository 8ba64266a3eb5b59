/** The wiring of tenants: plain objects first, then Nest's view of them. */
import type { DynamicModule } from '@nestjs/common';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { Singletons } from '../platform/singletons.ts';
import { Deletions, type DeletionOptions } from './deletion.ts';
import { TenantExport, type ExportOptions } from './export.ts';
import { RetentionSweep } from './retention.ts';
import { TenantsController } from './tenants.controller.ts';
import { TenantsService, type TenantsOptions } from './tenants.service.ts';

/** What tenants need from the rest of the house. */
export interface TenantsModuleOptions extends TenantsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: DeletionOptions['files'] & ExportOptions['files'];
}

/** The feature, put together. */
export interface Tenants {
  readonly tenants: TenantsService;
  readonly deletions: Deletions;
  readonly exports: TenantExport;
  start(): void;
  stop(): Promise<void>;
}

const DELETION_MS = 2_000;
const RETENTION_MS = 600_000;

export function createTenants(options: TenantsModuleOptions): Tenants {
  const singletons = new Singletons(options);
  const deletions = new Deletions(options);
  const retention = new RetentionSweep(options);
  return {
    tenants: new TenantsService(options),
    deletions,
    exports: new TenantExport(options),
    start() {
      const once = (name: string, intervalMs: number, run: (signal: AbortSignal) => Promise<unknown>) =>
        singletons.loop({ name: `tenants.${name}`, intervalMs, run: async (signal) => void (await run(signal)) });
      once('deletion', DELETION_MS, (signal) => deletions.turn(signal));
      once('retention', RETENTION_MS, (signal) => retention.turn(signal));
      singletons.start();
    },
    stop: () => singletons.stop(),
  };
}

/** Nest's view: the controller and the services it asks for. */
export function tenantsModule({ tenants, deletions, exports }: Tenants): DynamicModule {
  return {
    module: class TenantsModule {},
    controllers: [TenantsController],
    providers: [
      { provide: TenantsService, useValue: tenants },
      { provide: Deletions, useValue: deletions },
      { provide: TenantExport, useValue: exports },
    ],
  };
}
