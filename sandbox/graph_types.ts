// The types of Microsoft Graph that the simulated tenant checks requests and answers against. They come from Microsoft's own
// package; this file only names the ones we serve, so that the generated JSON Schema stays small.
import type {
  Calendar,
  ChangeNotificationCollection,
  Event,
  Room,
  RoomList,
  ScheduleInformation,
  Subscription,
  User,
  WorkingHours,
} from "@microsoft/microsoft-graph-types";

export interface GraphTypes {
  calendar: Calendar;
  changeNotificationCollection: ChangeNotificationCollection;
  event: Event;
  room: Room;
  roomList: RoomList;
  scheduleInformation: ScheduleInformation;
  subscription: Subscription;
  user: Pick<User, "displayName" | "givenName" | "id" | "jobTitle" | "mail" | "mobilePhone" | "officeLocation" |
    "preferredLanguage" | "surname" | "userPrincipalName" | "businessPhones" | "accountEnabled" | "userType" |
    "proxyAddresses">;
  workingHours: WorkingHours;
}
