/** Arguments of the steps that speak to a mail server or a database. */
import { z } from 'zod';
import { FileName } from './file-arguments.ts';

export const Host = z
  .string()
  .min(1)
  .max(255)
  .regex(/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]+)$/, 'expected a host name or an IP address');

export const Port = z.int().min(1).max(65_535);

/** Whom to trust besides the authorities that the system knows. */
export const Authorities = FileName.describe(
  'A PEM file with the authorities that the server is verified by: those that Node.js knows unless given.',
);
