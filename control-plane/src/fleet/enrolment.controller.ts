/** Enrolment over the enrol listener, which serves `/enrol` and nothing else. */
import { Controller, Inject } from '@nestjs/common';
import { endpoint } from '@casare/shared/api';
import { EnrolNonce, EnrolReply, EnrolRequest, EnrolRoots } from '@casare/shared/protocol';
import { z } from 'zod';
import { clientOf } from '../platform/edge/client-address.ts';
import { Handles, type Call } from '../platform/http/handles.ts';
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

@Controller()
export class EnrolmentController {
  readonly #enrolment: EnrolmentService;

  constructor(@Inject(EnrolmentService) enrolment: EnrolmentService) {
    this.#enrolment = enrolment;
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
}
