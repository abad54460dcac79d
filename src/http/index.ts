export { type AccessOptions, isAddressRange } from './access-rules.ts';
export {
  anything,
  decodeBody,
  duration,
  flag,
  integer,
  type LazyShape,
  list,
  map,
  opaque,
  type Shape,
  type StructOptions,
  struct,
  text,
} from './decode-body.ts';
export { encodeJson, parseExactly, parseJson } from './go-json.ts';
export { type InProcessOptions, type InProcessServer, startInProcessServer } from './in-process.ts';
export { formatListenAddress, type ListenAddress, type TcpAddress } from './listen.ts';
export { canonicalHeaders, findHeaderError, type ResponseHeaders } from './response-headers.ts';
export { type Handler, HttpError, type HttpReply, type HttpRequest, Json, type Method, type Route } from './route.ts';
export { type HttpLimits, type HttpServer, type HttpServerOptions, startHttpServer } from './server.ts';
