/** The wiring of tenants: plain objects first, then Nest's view of them. */
import type { DynamicModule } from '@nestjs/common';
import { TenantsController } from './tenants.controller.ts';
import { TenantsService, type TenantsOptions } from './tenants.service.ts';

/** The feature, put together. */
export interface Tenants {
  readonly tenants: TenantsService;
}

export function createTenants(options: TenantsOptions): Tenants {
  return { tenants: new TenantsService(options) };
}

/** Nest's view: the controller and the services it asks for. */
export function tenantsModule({ tenants }: Tenants): DynamicModule {
  return {
    module: class TenantsModule {},
    controllers: [TenantsController],
    providers: [{ provide: TenantsService, useValue: tenants }],
  };
}
