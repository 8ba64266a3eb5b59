import { z } from 'zod';

/** A file or folder that was found. */
export const FilesEntry = z.strictObject({
  path: z.string().describe('As a step may open it.'),
  kind: z.enum(['file', 'folder']),
  bytes: z.int().min(0).describe('0 for a folder.'),
  modifiedAt: z.string(),
});
export type FilesEntry = z.infer<typeof FilesEntry>;

/** Which names are meant. */
export const Pattern = z
  .string()
  .min(1)
  .max(500)
  .describe('Which names: `*` stands for any characters within a name, `?` for one, `**` for folders.');
