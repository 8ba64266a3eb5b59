/** Nest's view of accounts: the controller, and the web edge's authenticator and permission table. */
import type { DynamicModule } from '@nestjs/common';
import { ALLOWS, AUTHENTICATOR } from '../platform/http/caller.ts';
import { AccountsService } from './accounts.service.ts';
import { AuthController, WEB_URL } from './auth.controller.ts';
import { allows } from './permissions.ts';

/** `webUrl`: where browsers reach the console, without a trailing slash. */
export function accountsModule(accounts: AccountsService, webUrl: string): DynamicModule {
  return {
    module: class AccountsModule {},
    controllers: [AuthController],
    providers: [
      { provide: AccountsService, useValue: accounts },
      { provide: WEB_URL, useValue: webUrl },
      { provide: AUTHENTICATOR, useValue: accounts },
      { provide: ALLOWS, useValue: allows },
    ],
    exports: [AUTHENTICATOR, ALLOWS],
  };
}
