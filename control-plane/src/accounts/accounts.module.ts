/** Nest's view of accounts: the controllers, and the web edge's authenticator. */
import type { DynamicModule } from '@nestjs/common';
import { AUTHENTICATOR } from '../platform/http/caller.ts';
import { AccountsService } from './accounts.service.ts';
import { ApiKeysController } from './api-keys.controller.ts';
import { ApiKeysService } from './api-keys.service.ts';
import { AuthController, WEB_URL } from './auth.controller.ts';
import { PeopleController } from './people.controller.ts';
import { PeopleService } from './people.service.ts';
import { SecondFactorController } from './second-factor.controller.ts';
import { ProvidersService } from './providers.service.ts';
import { SessionsService } from './sessions.service.ts';
import { SignOnController } from './sign-on.controller.ts';
import { SignOnService } from './sign-on.service.ts';

/** `webUrl`: where browsers reach the console, without a trailing slash. */
export function accountsModule(accounts: AccountsService, webUrl: string): DynamicModule {
  return {
    module: class AccountsModule {},
    controllers: [AuthController, ApiKeysController, PeopleController, SecondFactorController, SignOnController],
    providers: [
      { provide: AccountsService, useValue: accounts },
      { provide: ApiKeysService, useValue: accounts.keys },
      { provide: PeopleService, useValue: accounts.people },
      { provide: ProvidersService, useValue: accounts.providers },
      { provide: SignOnService, useValue: accounts.signOn },
      { provide: SessionsService, useValue: accounts.sessions },
      { provide: WEB_URL, useValue: webUrl },
      { provide: AUTHENTICATOR, useValue: accounts },
    ],
    exports: [AUTHENTICATOR],
  };
}
