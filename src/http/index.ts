export { type Handler, HttpError, type HttpReply, type HttpRequest, Json, type Method, type Route } from './route.ts';
