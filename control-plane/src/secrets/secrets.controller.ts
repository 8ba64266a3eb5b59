/** Secrets over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { MasterRotationService } from './master-rotation.service.ts';
import { SealedService } from './sealed.service.ts';
import { SecretsService } from './secrets.service.ts';

@Controller()
export class SecretsController {
  readonly #secrets: SecretsService;
  readonly #rotation: MasterRotationService;
  readonly #sealed: SealedService;

  constructor(
    @Inject(SecretsService) secrets: SecretsService,
    @Inject(MasterRotationService) rotation: MasterRotationService,
    @Inject(SealedService) sealed: SealedService,
  ) {
    this.#secrets = secrets;
    this.#rotation = rotation;
    this.#sealed = sealed;
  }

  @Handles(api.secrets.list)
  list({ caller, query }: Call<typeof api.secrets.list>) {
    return this.#secrets.list(caller, query);
  }

  @Handles(api.secrets.get)
  get({ caller, params }: Call<typeof api.secrets.get>) {
    return this.#secrets.get(caller, params.name);
  }

  @Handles(api.secrets.set)
  set({ caller, params, body, unchanged }: Call<typeof api.secrets.set>) {
    return this.#secrets.set(caller, params.name, body, unchanged);
  }

  @Handles(api.secrets.versions)
  versions({ caller, params, query }: Call<typeof api.secrets.versions>) {
    return this.#secrets.versions(caller, params.name, query);
  }

  @Handles(api.secrets.delete)
  delete({ caller, params, unchanged }: Call<typeof api.secrets.delete>) {
    return this.#secrets.delete(caller, params.name, unchanged);
  }

  @Handles(api.secrets.deleteVersion)
  deleteVersion({ caller, params, unchanged }: Call<typeof api.secrets.deleteVersion>) {
    return this.#secrets.deleteVersion(caller, params.name, params.version, unchanged);
  }

  @Handles(api.secrets.sealingKeys)
  sealingKeys({ caller, query }: Call<typeof api.secrets.sealingKeys>) {
    return this.#sealed.keys(caller, query);
  }

  @Handles(api.secrets.recipients)
  recipients({ caller, params, query }: Call<typeof api.secrets.recipients>) {
    return this.#sealed.recipients(caller, params.name, query);
  }

  @Handles(api.secrets.seal)
  seal({ caller, params, body, unchanged }: Call<typeof api.secrets.seal>) {
    return this.#sealed.seal(caller, params.name, body, unchanged);
  }

  @Handles(api.secrets.rotateMaster)
  rotateMaster({ caller, body }: Call<typeof api.secrets.rotateMaster>) {
    return this.#rotation.rotate(caller, body.to);
  }
}
