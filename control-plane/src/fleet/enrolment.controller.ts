/** Enrolment over the enrol listener, which serves `/enrol` and nothing else. */
import { Controller, Inject } from '@nestjs/common';
import { endpoint } from '@casare/shared/api';
import { EnrolNonce, EnrolReply, EnrolRequest, EnrolRoots, RenewReply, RenewRequest } from '@casare/shared/protocol';
import { z } from 'zod';
import { clientOf } from '../platform/edge/client-address.ts';
import { Handles, type Call } from '../platform/http/handles.ts';
import { EnrolRenewalService } from './enrol-renewal.service.ts';
import { EnrolmentService } from './enrolment.service.ts';

const nonce = endpoint({
  id: 'enrol.nonce',
  method: 'POST',
  path: '/enrol/nonce',
  summary: 'Gives a nonce for one enrolment.',
  permission: 'public',
  body: z.strictObject({}).optional(),
  bodyBytes: 1_024,
  answer: { json: EnrolNonce },
});

const roots = endpoint({
  id: 'enrol.roots',
  method: 'GET',
  path: '/enrol/roots',
  summary: "Gives the roots by which this listener's chain can be verified, for agents that look for their pin.",
  permission: 'public',
  answer: { json: EnrolRoots },
});

const enrol = endpoint({
  id: 'enrol.enrol',
  method: 'POST',
  path: '/enrol',
  summary: 'Enrols an agent: its join token authorises, its key is proven over the nonce.',
  permission: 'public',
  body: EnrolRequest,
  bodyBytes: 65_536,
  status: 201,
  answer: { json: EnrolReply },
});

const renew = endpoint({
  id: 'enrol.renew',
  method: 'POST',
  path: '/enrol/renew',
  summary: 'Gives the next certificate for one that expired or whose CA was retired; its key signs for it.',
  permission: 'public',
  body: RenewRequest,
  bodyBytes: 65_536,
  answer: { json: RenewReply },
  problems: ['RENEW_DENIED', 'RENEW_TOO_LATE', 'RENEW_NOT_DUE', 'AGENT_LOCKED'],
});

@Controller()
export class EnrolmentController {
  readonly #enrolment: EnrolmentService;
  readonly #renewal: EnrolRenewalService;

  constructor(
    @Inject(EnrolmentService) enrolment: EnrolmentService,
    @Inject(EnrolRenewalService) renewal: EnrolRenewalService,
  ) {
    this.#enrolment = enrolment;
    this.#renewal = renewal;
  }

  @Handles(nonce, { prefix: '' })
  async nonce({ request }: Call<typeof nonce>) {
    return this.#enrolment.nonce(clientOf(request.socket).address);
  }

  @Handles(roots, { prefix: '' })
  async roots({ request }: Call<typeof roots>) {
    return this.#enrolment.roots(clientOf(request.socket).address);
  }

  @Handles(enrol, { prefix: '' })
  async enrol({ body, request }: Call<typeof enrol>) {
    return this.#enrolment.enrol(body, clientOf(request.socket).address);
  }

  @Handles(renew, { prefix: '' })
  async renew({ body, request }: Call<typeof renew>) {
    return this.#renewal.renew(body, clientOf(request.socket).address);
  }
}
