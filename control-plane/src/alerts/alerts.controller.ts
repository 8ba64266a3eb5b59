/** REST for alerts. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { AlertsService } from './alerts.service.ts';

@Controller()
export class AlertsController {
  readonly #alerts: AlertsService;

  constructor(@Inject(AlertsService) alerts: AlertsService) {
    this.#alerts = alerts;
  }

  @Handles(api.alerts.list)
  list({ caller, query }: Call<typeof api.alerts.list>) {
    return this.#alerts.list(caller.tenant, query);
  }

  @Handles(api.alertChannels.list)
  channels({ caller, query }: Call<typeof api.alertChannels.list>) {
    return this.#alerts.channels(caller.tenant, query);
  }

  @Handles(api.alertChannels.create)
  addChannel({ caller, body }: Call<typeof api.alertChannels.create>) {
    return this.#alerts.addChannel(caller, body);
  }

  @Handles(api.alertChannels.test)
  testChannel({ caller, params }: Call<typeof api.alertChannels.test>) {
    return this.#alerts.testChannel(caller, params.id);
  }

  @Handles(api.alertChannels.remove)
  removeChannel({ caller, params }: Call<typeof api.alertChannels.remove>) {
    return this.#alerts.removeChannel(caller, params.id);
  }

  @Handles(api.alertRules.list)
  rules({ caller, query }: Call<typeof api.alertRules.list>) {
    return this.#alerts.rules(caller.tenant, query);
  }

  @Handles(api.alertRules.create)
  addRule({ caller, body }: Call<typeof api.alertRules.create>) {
    return this.#alerts.addRule(caller, body);
  }

  @Handles(api.alertRules.get)
  rule({ caller, params }: Call<typeof api.alertRules.get>) {
    return this.#alerts.rule(caller.tenant, params.id);
  }

  @Handles(api.alertRules.remove)
  removeRule({ caller, params, unchanged }: Call<typeof api.alertRules.remove>) {
    return this.#alerts.removeRule(caller, params.id, unchanged);
  }

  @Handles(api.alertRules.act)
  act({ caller, params, unchanged }: Call<typeof api.alertRules.act>) {
    return this.#alerts.act(caller, params.id, params.action, unchanged);
  }
}
