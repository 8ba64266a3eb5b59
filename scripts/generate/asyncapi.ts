/** The AsyncAPI 3.0 document of the tunnel protocol, from the zod schemas of `@casare/shared/protocol`. */
import { z } from 'zod';
import * as protocol from '../../shared/dist/protocol/index.js';

type Union = typeof protocol.AgentMessage | typeof protocol.ServerMessage;
type Named = Record<string, unknown>;

/** The document; the agent's point of view is `send`. */
export function asyncApiDocument(): unknown {
  const agent = messagesOf(protocol.AgentMessage);
  const server = messagesOf(protocol.ServerMessage);
  const refs = (messages: Named): unknown[] =>
    Object.keys(messages).map((name) => ({ $ref: `#/channels/tunnel/messages/${name}` }));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Casare tunnel protocol',
      version: '1.0.0',
      license: { name: 'Apache-2.0' },
      description:
        'One WebSocket from an agent to the control plane, over mutual TLS 1.3. Text frames are these messages, told ' +
        'apart by `type`; binary frames are artifact chunks (16-byte header: version, kind, reserved, stream, offset).',
    },
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: 'tunnel.example.com:8443',
        protocol: 'wss',
        description: `Subprotocol ${protocol.SUBPROTOCOL}; path /tunnel.`,
        security: [{ type: 'X509', description: "The agent's own client certificate." }],
      },
    },
    channels: {
      tunnel: {
        address: '/tunnel',
        messages: Object.fromEntries(
          Object.keys({ ...agent, ...server }).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations: {
      agentSends: { action: 'send', channel: { $ref: '#/channels/tunnel' }, messages: refs(agent) },
      agentReceives: { action: 'receive', channel: { $ref: '#/channels/tunnel' }, messages: refs(server) },
    },
    components: { messages: { ...agent, ...server } },
  };
}

function messagesOf(union: Union): Named {
  return Object.fromEntries(
    union.options.map((option) => {
      const name = [...option.shape.type.values][0]!;
      const { $schema: _, ...payload } = z.toJSONSchema(option, { unrepresentable: 'any' });
      return [name, { name, payload }];
    }),
  );
}
