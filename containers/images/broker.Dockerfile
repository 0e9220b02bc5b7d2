FROM orra-standin:servers
COPY valkey-server /usr/local/bin/valkey-server
RUN ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli
WORKDIR /data
CMD ["valkey-server"]
