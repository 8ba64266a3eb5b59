/** How trust stands, and agents' certificates, over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { Certificates } from './certificates.service.ts';
import { TrustStatusService } from './trust-status.service.ts';

@Controller()
export class TrustController {
  readonly #status: TrustStatusService;
  readonly #certificates: Certificates;

  constructor(
    @Inject(TrustStatusService) status: TrustStatusService,
    @Inject(Certificates) certificates: Certificates,
  ) {
    this.#status = status;
    this.#certificates = certificates;
  }

  @Handles(api.trust.status)
  status({ caller }: Call<typeof api.trust.status>) {
    return this.#status.status(caller.tenant);
  }

  @Handles(api.trust.bundle)
  async bundle() {
    return this.#status.bundle();
  }

  @Handles(api.trust.expirations)
  expirations({ caller, query }: Call<typeof api.trust.expirations>) {
    return this.#status.expirations(caller.tenant, query);
  }

  @Handles(api.trust.certificates)
  certificates({ caller, query }: Call<typeof api.trust.certificates>) {
    return this.#certificates.list(caller.tenant, query);
  }

  @Handles(api.trust.certificate)
  certificate({ caller, params }: Call<typeof api.trust.certificate>) {
    return this.#certificates.get(caller.tenant, params.serial);
  }

  @Handles(api.trust.revoke)
  revoke({ caller, params, body }: Call<typeof api.trust.revoke>) {
    return this.#certificates.revoke(caller, params.serial, body);
  }
}
