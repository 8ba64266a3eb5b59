/** Second factors over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { AccountsService } from './accounts.service.ts';
import { fromOf } from './auth.controller.ts';

@Controller()
export class SecondFactorController {
  readonly #accounts: AccountsService;

  constructor(@Inject(AccountsService) accounts: AccountsService) {
    this.#accounts = accounts;
  }

  @Handles(api.secondFactor.show)
  show({ caller }: Call<typeof api.secondFactor.show>) {
    return this.#accounts.secondFactor.show(caller);
  }

  @Handles(api.secondFactor.begin)
  begin({ caller, body, request }: Call<typeof api.secondFactor.begin>) {
    return this.#accounts.beginSecondFactor(caller, body.password, fromOf(request));
  }

  @Handles(api.secondFactor.confirm)
  confirm({ caller, body }: Call<typeof api.secondFactor.confirm>) {
    return this.#accounts.secondFactor.confirm(caller, body.code);
  }

  @Handles(api.secondFactor.newRecoveryCodes)
  newRecoveryCodes({ caller, body }: Call<typeof api.secondFactor.newRecoveryCodes>) {
    return this.#accounts.secondFactor.newRecoveryCodes(caller, body.code);
  }

  @Handles(api.secondFactor.remove)
  remove({ caller, body }: Call<typeof api.secondFactor.remove>) {
    return this.#accounts.secondFactor.remove(caller, body.code);
  }
}
