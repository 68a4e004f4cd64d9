// Health check: exit 0 when the only member is a writable primary. Makes the replica set the first
// time; a second call changes nothing.
const { MONGO_INITDB_ROOT_USERNAME: user, MONGO_INITDB_ROOT_PASSWORD: password } = process.env;
const admin = connect("mongodb://127.0.0.1:27017/admin?directConnection=true");
admin.auth(user, password);

const hello = admin.runCommand({ hello: 1 });
if (!hello.setName) {
  const members = [{ _id: 0, host: "mongodb:27017" }];
  admin.runCommand({ replSetInitiate: { _id: "rs0", members } });
}
quit(hello.isWritablePrimary && hello.setName ? 0 : 1);
