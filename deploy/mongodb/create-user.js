// Run once, by the image's entrypoint, on an empty data volume, in MONGO_INITDB_DATABASE.
// The product's user may do what it needs in its own database, and nothing elsewhere.
db.createUser({
  user: "emis_chat",
  pwd: process.env.MONGODB_PASSWORD,
  roles: ["readWrite", "dbAdmin"],
});
