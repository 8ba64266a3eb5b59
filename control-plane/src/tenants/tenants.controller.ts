/** Tenants over HTTP: all of them for operators of the platform, and the caller's own. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { Deletions } from './deletion.ts';
import { TenantExport } from './export.ts';
import { TenantsService } from './tenants.service.ts';

@Controller()
export class TenantsController {
  readonly #tenants: TenantsService;
  readonly #deletions: Deletions;
  readonly #exports: TenantExport;

  constructor(
    @Inject(TenantsService) tenants: TenantsService,
    @Inject(Deletions) deletions: Deletions,
    @Inject(TenantExport) exports: TenantExport,
  ) {
    this.#tenants = tenants;
    this.#deletions = deletions;
    this.#exports = exports;
  }

  @Handles(api.tenants.list)
  list({ query }: Call<typeof api.tenants.list>) {
    return this.#tenants.list(query);
  }

  @Handles(api.tenants.create)
  create({ caller, body }: Call<typeof api.tenants.create>) {
    return this.#tenants.create(caller, body);
  }

  @Handles(api.tenants.get)
  get({ caller, params }: Call<typeof api.tenants.get>) {
    return this.#tenants.get(caller, params.tenant);
  }

  @Handles(api.tenants.suspend)
  suspend({ caller, params, body, unchanged }: Call<typeof api.tenants.suspend>) {
    return this.#tenants.suspend(caller, params.tenant, body.reason, unchanged);
  }

  @Handles(api.tenants.resume)
  resume({ caller, params, unchanged }: Call<typeof api.tenants.resume>) {
    return this.#tenants.resume(caller, params.tenant, unchanged);
  }

  @Handles(api.tenants.setQuotas)
  setQuotas({ caller, params, body, unchanged }: Call<typeof api.tenants.setQuotas>) {
    return this.#tenants.setQuotas(caller, params.tenant, body, unchanged);
  }

  @Handles(api.tenants.setRetention)
  setRetention({ caller, params, body, unchanged }: Call<typeof api.tenants.setRetention>) {
    return this.#tenants.setRetention(caller, params.tenant, body, unchanged);
  }

  @Handles(api.tenants.export)
  export({ params }: Call<typeof api.tenants.export>) {
    return this.#exports.open(params.tenant);
  }

  @Handles(api.tenants.delete)
  delete({ caller, params, query, unchanged }: Call<typeof api.tenants.delete>) {
    return this.#deletions.ask(caller, params.tenant, query.confirm, unchanged);
  }

  @Handles(api.tenants.deletion)
  deletion({ params }: Call<typeof api.tenants.deletion>) {
    return this.#deletions.find(params.tenant);
  }

  @Handles(api.tenant.get)
  own({ caller }: Call<typeof api.tenant.get>) {
    return this.#tenants.get(caller, caller.tenant);
  }

  @Handles(api.tenant.setRetention)
  setOwnRetention({ caller, body, unchanged }: Call<typeof api.tenant.setRetention>) {
    return this.#tenants.setRetention(caller, caller.tenant, body, unchanged);
  }
}
