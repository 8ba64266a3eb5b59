/** Agents and the join tokens that let them in. */
import { z } from 'zod';
import { AgentFacts, Capability, Slots } from '../protocol/messages.ts';
import { endpoint } from './endpoint.ts';
import { CREATED, FILTERS, IdParams, paged, time } from './page.ts';
import { GivenName } from './api-keys.ts';
import { Site } from './permissions.ts';

/** See design section 5. Presence (`connected`) is separate from state. */
export const AgentState = z.enum(['pending', 'active', 'paused', 'draining', 'suspect', 'locked', 'decommissioned']);
export type AgentState = z.infer<typeof AgentState>;

export const Agent = z
  .object({
    id: z.uuid(),
    name: z.string(),
    state: AgentState,
    connected: z.boolean(),
    /** Since when it is connected or away; null when it never was connected. */
    presenceSince: time.nullable(),
    site: z.string().nullable(),
    /** Probed on the machine: routes jobs. */
    capabilities: z.array(Capability),
    /** Given by the control plane: routes jobs. */
    grants: z.array(Capability),
    /** Declared by the agent itself: informs people only. */
    declared: z.array(Capability),
    slots: Slots,
    /** Slots in use now: so many runs are left of one that is drained. */
    busy: Slots,
    /** Of an agent that is drained: when nothing of it ran any more; null before. */
    drainedAt: time.nullable(),
    facts: AgentFacts.nullable(),
    certificate: z.object({ serial: z.string(), notAfter: time }).nullable(),
    /** Enrols anew at each start, and is decommissioned by the control plane when it has left. */
    ephemeral: z.boolean(),
    createdAt: time,
  })
  .meta({ id: 'Agent' });
export type Agent = z.infer<typeof Agent>;

/** A host name, in which `*` stands for any text and `?` for one character; one that names every host is none. */
export const HostPattern = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9._*?-]*[A-Za-z0-9][A-Za-z0-9._*?-]*$/);
/** Addresses, `10.1.0.0/16` or `2001:db8::/32`; one that names every address is none. */
export const Network = z
  .union([z.cidrv4(), z.cidrv6()])
  .refine((text) => !text.endsWith('/0'), 'names every address: give a longer prefix');

/** Grants that an agent, or a join token, has at most. */
export const GRANTS = 50;
/** A label that people give. `secret=<name>` says that a secret is sealed to the agent, which no label can make true. */
export const Grant = Capability.refine((label) => !label.startsWith('secret='), 'says what is sealed: nobody gives it');

export const JoinTokenRequest = z.strictObject({
  site: z.string().min(1).max(100).optional(),
  /** Grants for the agents that enrol with it. */
  tags: z.array(Grant).max(GRANTS).default([]),
  uses: z.int().min(1).max(10_000).default(1),
  /** Lifetime, seconds; 15 minutes unless said otherwise. */
  ttlSeconds: z.int().min(10).max(2_592_000).default(900),
  /**
   * Agents may run jobs at once, without a person's approval. A token that does so and is good for several agents, or
   * for longer than a day, must say by `hosts` or `networks` whose they are.
   */
  autoApprove: z.boolean().default(false),
  /** Only machines whose host name fits one of these. The agent says its host name itself: this stops mistakes. */
  hosts: z.array(HostPattern).max(50).default([]),
  /** Only from these addresses, as the enrol listener sees them. */
  networks: z.array(Network).max(50).default([]),
  /** For agents that enrol anew at each start (containers, VDI): each vanishes when it has left. */
  ephemeral: z.boolean().default(false),
});

export const JoinToken = z
  .object({
    id: z.string(),
    site: z.string().nullable(),
    tags: z.array(Capability),
    usesLeft: z.int(),
    state: z.enum(['issued', 'consumed', 'expired', 'revoked']),
    autoApprove: z.boolean(),
    hosts: z.array(z.string()),
    networks: z.array(z.string()),
    ephemeral: z.boolean(),
    createdAt: time,
    expiresAt: time,
  })
  .meta({ id: 'JoinToken' });
export type JoinToken = z.infer<typeof JoinToken>;

export const AgentAction = z.enum(['approve', 'pause', 'resume', 'drain', 'lock', 'unlock', 'decommission']);
export type AgentAction = z.infer<typeof AgentAction>;

/** What is to be different; what is left out stays as it is. */
export const AgentUpdate = z
  .strictObject({
    name: GivenName.optional(),
    /** Null: at no site. */
    site: Site.nullable().optional(),
    /** All that it is to have. */
    grants: z.array(Grant).max(GRANTS).optional(),
    /** Instead of all: those that come. */
    addGrants: z.array(Grant).max(GRANTS).optional(),
    /** Instead of all: those that go. */
    removeGrants: z.array(Capability).max(GRANTS).optional(),
  })
  .refine(
    (update) => Object.values(update).some((value) => value !== undefined),
    'says nothing that is to be different',
  )
  .refine(
    ({ grants, addGrants, removeGrants }) => grants === undefined || (addGrants ?? removeGrants) === undefined,
    'grants says all of them: leave addGrants and removeGrants out',
  );
export type AgentUpdate = z.output<typeof AgentUpdate>;

/** How it is connected and busy, what it says of itself, and what it renews. */
const AGENT_PASSING = 'connected presenceSince busy drainedAt capabilities declared slots facts certificate'.split(' ');

export const agents = {
  list: endpoint({
    id: 'agents.list',
    method: 'GET',
    path: '/agents',
    summary: 'Lists agents.',
    permission: 'agents:read',
    ...paged(Agent, {
      sort: ['-createdAt', 'createdAt', 'name', '-name'],
      filters: { state: AgentState.optional(), site: FILTERS.site, tag: FILTERS.tag, q: FILTERS.q, ...CREATED },
    }),
  }),
  get: endpoint({
    id: 'agents.get',
    passing: AGENT_PASSING,
    method: 'GET',
    path: '/agents/{id}',
    summary: 'Shows one agent.',
    permission: 'agents:read',
    params: IdParams,
    answer: { json: Agent },
    problems: ['AGENT_NOT_FOUND'],
  }),
  update: endpoint({
    id: 'agents.update',
    ifMatch: 'agents.get',
    method: 'POST',
    path: '/agents/{id}',
    summary: 'Gives an agent another name, site or grants. Jobs are routed by them from then on; what runs goes on.',
    permission: 'agents:write',
    params: IdParams,
    body: AgentUpdate,
    answer: { json: Agent },
    problems: ['AGENT_NOT_FOUND', 'AGENT_WRONG_STATE', 'SITE_DENIED', 'GRANTS_FULL'],
  }),
  act: endpoint({
    id: 'agents.act',
    ifMatch: 'agents.get',
    method: 'POST',
    path: '/agents/{id}/{action}',
    summary: 'Approves, pauses, resumes, drains, locks, unlocks or decommissions an agent.',
    permission: 'agents:write',
    params: IdParams.extend({ action: AgentAction }),
    answer: { json: Agent },
    problems: ['AGENT_NOT_FOUND', 'AGENT_WRONG_STATE', 'AGENT_LOCK_HELD', 'QUOTA_AGENTS'],
  }),
} as const;

export const joinTokens = {
  create: endpoint({
    id: 'joinTokens.create',
    method: 'POST',
    path: '/join-tokens',
    summary: 'Makes a join token; its text is shown once.',
    permission: 'tokens:write',
    body: JoinTokenRequest,
    status: 201,
    answer: { json: z.object({ id: z.string(), token: z.string(), expiresAt: time }).meta({ id: 'NewJoinToken' }) },
    problems: ['TOKEN_TOO_POWERFUL'],
  }),
  list: endpoint({
    id: 'joinTokens.list',
    method: 'GET',
    path: '/join-tokens',
    summary: 'Lists join tokens, never their secrets.',
    permission: 'tokens:read',
    ...paged(JoinToken, {
      sort: ['-createdAt', 'createdAt'],
      filters: { site: FILTERS.site, tag: FILTERS.tag, ...CREATED },
    }),
  }),
  revoke: endpoint({
    id: 'joinTokens.revoke',
    method: 'DELETE',
    path: '/join-tokens/{id}',
    summary: 'Revokes a join token.',
    permission: 'tokens:write',
    params: z.object({ id: z.string().max(64) }),
    answer: 'nothing',
    problems: ['TOKEN_NOT_FOUND'],
  }),
} as const;
