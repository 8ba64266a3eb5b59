import { z } from 'zod';
import { Cell } from '../file-arguments.ts';
import { Authorities, Host, Port } from '../server-arguments.ts';

/** Where the database is and who asks. */
export const Connection = z
  .strictObject({
    type: z.enum(['postgres', 'mysql']),
    host: Host,
    port: Port.optional(),
    database: z.string().min(1).max(200),
    user: z.string().min(1).max(200),
    password: z.string().max(5_000).optional(),
    security: z.enum(['tls', 'none']).optional(),
    authorities: Authorities.optional(),
  })
  .describe(
    '`type`: `postgres` or `mysql` (also MariaDB); `host`; `port`: 5432 or 3306 unless given; `database`; `user` and `password`: from secrets; `security`: `tls`, verified, unless given; `authorities`: a PEM file to verify the server by.',
  );
export type Connection = z.infer<typeof Connection>;

/** One statement. */
export const Sql = z.string().min(1).max(100_000);

/** Values for the places of a statement. */
export const Parameters = z.array(Cell).max(1_000);

/** What database steps use of a row's types, for docs. */
export const TYPES =
  'Whole numbers are numbers as long as they are exact, decimals are texts, dates and times ISO 8601 texts, JSON and binary data texts.';
