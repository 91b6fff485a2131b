# The Node app. From the root of the repository:
#   docker build -f deploy/images/media.Dockerfile -t eco2/media .
ARG NODE=node:22-bookworm-slim
ARG NODE_DIGEST=sha256:43ac6c60b8f89723f746e8a92ce91abd5017e627ce1ddfe4238355d3a30b772c
# Distroless: Node and the C libraries that sharp needs, no shell.
ARG RUNTIME=gcr.io/distroless/nodejs22-debian12:nonroot
ARG RUNTIME_DIGEST=sha256:13593b7570658e8477de39e2f4a1dd25db2f836d68a0ba771251572d23bb4f8e

# On the processor it is for: sharp is machine code.
FROM ${NODE}@${NODE_DIGEST} AS build
WORKDIR /src
COPY services/media/package.json services/media/package-lock.json services/media/.npmrc services/media/tsconfig.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY services/media/scripts scripts
COPY services/media/model model
COPY services/media/src src
RUN npm run build && npm prune --omit=dev

FROM ${RUNTIME}@${RUNTIME_DIGEST} AS media
WORKDIR /app
COPY --from=build /src/package.json /src/package-lock.json ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/model model
COPY --from=build /src/dist dist
ENV NODE_ENV=production APP_PORT=8109 APP_HOST=0.0.0.0
EXPOSE 8109
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "dist/main.js"]
