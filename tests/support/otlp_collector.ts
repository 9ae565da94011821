/** A span as it arrived. */
export interface ReceivedSpan {
  readonly scope: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** 2 is an error. */
  readonly status: number;
}

/** The parts of an OTLP trace request in JSON that are read here (opentelemetry-proto, trace_service.proto). */
interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly traceId: string;
        readonly parentSpanId: string;
        readonly attributes: readonly Attribute[];
        readonly status: { readonly code?: number };
      }[];
    }[];
  }[];
}

interface Attribute {
  readonly key: string;
  readonly value: { stringValue?: string; intValue?: string; doubleValue?: number; boolValue?: boolean };
}

/** A collector that takes OTLP over HTTP in JSON and keeps what it gets. */
export class OtlpCollector implements AsyncDisposable {
  readonly paths: string[] = [];
  readonly bodies: string[] = [];
  readonly spans: ReceivedSpan[] = [];
  readonly services = new Set<string>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #changed = Promise.withResolvers<void>();

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => this.#receive(request));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Resolves when that many spans have come; rejects when they have not within a minute. */
  async received(count: number): Promise<void> {
    const late = AbortSignal.timeout(60_000);
    while (this.spans.length < count) {
      const tooLate = new Promise<never>((_, reject) =>
        late.onabort = () => reject(new Error(`${this.spans.length} of ${count} spans came`))
      );
      await Promise.race([this.#changed.promise, tooLate]);
    }
    late.onabort = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #receive(request: Request): Promise<Response> {
    const body = await request.text(), { pathname } = new URL(request.url);
    this.paths.push(pathname);
    this.bodies.push(body);
    if (pathname === "/v1/traces") this.#keep(JSON.parse(body));
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    return Response.json({});
  }

  #keep({ resourceSpans }: TraceRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      this.services.add(String(record(resource.attributes)["service.name"]));
      for (const { scope, spans } of scopeSpans) {
        for (const { name, kind, traceId, parentSpanId, attributes, status } of spans) {
          const given = { name, kind, traceId, parentSpanId };
          this.spans.push({ ...given, scope: scope.name, attributes: record(attributes), status: status.code ?? 0 });
        }
      }
    }
  }
}

function record(attributes: readonly Attribute[]): Record<string, string | number | boolean> {
  return Object.fromEntries(attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => {
    return [key, stringValue ?? boolValue ?? doubleValue ?? Number(intValue)];
  }));
}
