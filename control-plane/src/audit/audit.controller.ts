/** The audit log over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { AuditService } from './audit.service.ts';

@Controller()
export class AuditController {
  readonly #audit: AuditService;

  constructor(@Inject(AuditService) audit: AuditService) {
    this.#audit = audit;
  }

  @Handles(api.audit.list)
  list({ caller, query }: Call<typeof api.audit.list>) {
    return this.#audit.list(caller.tenant, query);
  }

  @Handles(api.audit.head)
  head({ caller, query }: Call<typeof api.audit.head>) {
    return this.#audit.head(caller.tenant, query.log);
  }

  @Handles(api.audit.export)
  export({ caller, query }: Call<typeof api.audit.export>) {
    return this.#audit.export(caller.tenant, query);
  }

  @Handles(api.audit.checkpoint)
  checkpoint({ caller, query }: Call<typeof api.audit.checkpoint>) {
    return this.#audit.checkpoint(caller.tenant, query.log);
  }

  @Handles(api.audit.checkpoints)
  checkpoints({ caller, query }: Call<typeof api.audit.checkpoints>) {
    return this.#audit.checkpoints(caller.tenant, query);
  }
}
