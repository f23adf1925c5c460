// Swagger UI over one document. Authorize fetches the document again, since it says what that caller may do.
"use strict";

const place = document.getElementById("swagger-ui");
let shown = {};

function headersOf(authorized) {
  const made = {};
  if (authorized.bearer) made.Authorization = `Bearer ${authorized.bearer.value}`;
  if (authorized.key) made["X-API-Key"] = authorized.key.value;
  return made;
}

function again(system) {
  return { statePlugins: { auth: { wrapActions: {
    authorize: (original) => (payload) => {
      const done = original(payload);
      shown = headersOf(payload);
      system.getSystem().specActions.download(place.dataset.document);
      return done;
    },
    logout: (original) => (names) => {
      const done = original(names);
      shown = {};
      system.getSystem().specActions.download(place.dataset.document);
      return done;
    },
  } } } };
}

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [SwaggerUIBundle.plugins.DownloadUrl, again],
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  syntaxHighlight: false,
  persistAuthorization: false,
  requestInterceptor: (request) => {
    if (request.loadSpec) Object.assign(request.headers, shown);
    return request;
  },
});
