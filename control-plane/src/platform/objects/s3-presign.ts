/** An address by which whoever has it fetches one object for a short while: signed as a request of ours, and not sent. */
import type { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { queryOf } from './s3-requests.ts';

interface Request {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}
interface Presigner {
  presign(request: Request, options: { readonly expiresIn: number }): Promise<Request>;
}

/** No headers but the host are signed: a browser sends none of ours. */
export async function presignedUrl(client: S3Client, command: GetObjectCommand, seconds: number): Promise<string> {
  let url = '';
  command.middlewareStack.addRelativeTo(
    () => async (args: { request: unknown }) => {
      const request = args.request as Request;
      const { hostname, port, protocol, path } = request;
      const host = port === undefined ? hostname : `${hostname}:${port}`;
      request.headers = { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
      const signer = (await client.config.signer()) as unknown as Presigner;
      const { query } = await signer.presign(request, { expiresIn: seconds });
      url = `${protocol}//${host}${path}${queryOf(query)}`;
      return { response: {}, output: { $metadata: {} } };
    },
    { relation: 'before', toMiddleware: 'httpSigningMiddleware', name: 'casarePresign', override: true },
  );
  await client.send(command);
  return url;
}
