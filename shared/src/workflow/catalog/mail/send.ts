import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { Authorities, Host, Port } from '../server-arguments.ts';

const line = /^[^\r\n\0]+$/;
const Address = z.string().min(3).max(500).regex(line, 'expected one line');
const Addresses = z.union([Address, z.array(Address).min(1).max(500)]);

export const send = defineStep({
  name: 'mail.send',
  summary: 'Sends a mail by SMTP. The message id is the same when the same step is repeated.',
  with: z
    .strictObject({
      server: z
        .strictObject({
          host: Host,
          port: Port.optional(),
          security: z.enum(['starttls', 'tls', 'none']).optional(),
          user: z.string().max(500).optional(),
          password: z.string().max(5_000).optional(),
          authorities: Authorities.optional(),
        })
        .describe(
          '`host`; `port`: 587, with `tls` 465, with `none` 25 unless given; `security`: `starttls` unless given, and never less than asked for; `user` and `password`: from secrets; `authorities`: a PEM file to verify the server by.',
        ),
      from: Address.describe('Such as `Billing <billing@example.com>`.'),
      to: Addresses,
      cc: Addresses.optional(),
      bcc: Addresses.optional(),
      replyTo: Address.optional(),
      subject: z
        .string()
        .max(900)
        .regex(/^[^\r\n\0]*$/, 'expected one line'),
      text: z.string().max(1_048_576).optional(),
      html: z.string().max(1_048_576).optional(),
      attachments: z
        .array(
          z.union([
            FileName,
            z.strictObject({ file: FileName, name: z.string().min(1).max(255).regex(line, 'expected one line') }),
          ]),
        )
        .max(50)
        .optional()
        .describe('Files, or `{file, name}` to send one under another name; together at most 25 MiB.'),
    })
    .refine(({ text, html }) => text !== undefined || html !== undefined, 'expected `text`, `html` or both'),
  output: z.strictObject({
    messageId: z.string(),
    accepted: z.array(z.string()).describe('Addresses that the server took.'),
    rejected: z.array(z.string()).describe('Addresses that it did not take.'),
    response: z.string().describe("The server's last word."),
  }),
  example: {
    server: { host: 'smtp.example.com', user: '${ .mail.user }', password: '${ .mail.password }' },
    from: 'Billing <billing@example.com>',
    to: ['accounts@example.com'],
    subject: 'Invoices of May',
    text: 'See the attached report.',
    attachments: ['report.xlsx'],
  },
  effect: 'unsafe',
  defaultTimeoutMs: 120_000,
});
